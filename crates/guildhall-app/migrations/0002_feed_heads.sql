-- What every post changes of its feed stands apart from what its readers and writers ask about it.

create table feed_heads (
  feed_id text primary key references feeds (id),
  last_sequence bigint not null
);

insert into feed_heads (feed_id, last_sequence)
select id, last_sequence
from feeds;

alter table feeds drop column last_sequence;
alter table feeds drop column last_posted_at;
