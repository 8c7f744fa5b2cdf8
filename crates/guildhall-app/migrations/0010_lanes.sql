-- Lanes: jobs that share one way out, e.g. the receiver of a webhook. A server does but a few of a lane at once, and
-- takes from lane after lane, so that one way that is blocked does not hold up the others.
--
-- state, as 0003 has it, and: `resting` comes up when it is due; that is a job between two tries, or one that a
-- runner holds. So what is `ready` may be taken as soon as its lane has room.

alter table jobs add column lane text not null default 'other';
update jobs set lane = coalesce(
  (select d.webhook_id from webhook_deliveries d where d.id = jobs.payload),
  kind
);
update jobs set state = 'resting' where state = 'ready';
create index jobs_by_lane on jobs (state, lane, due_at, id);
