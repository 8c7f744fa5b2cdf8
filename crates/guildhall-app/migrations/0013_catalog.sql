-- What a company says of its passes, who waits for its plans, and how raffles are drawn.

alter table access_passes add column description text;
alter table access_passes add column creator_pitch text;
alter table access_passes add column redirect_purchase_url text;
-- One of the wire's CustomCtas.
alter table access_passes add column custom_cta text not null default 'get_access';
alter table access_passes add column custom_cta_url text;
-- What anyone who brings a buyer earns of a sale, and whether they do; the same for members.
alter table access_passes add column global_affiliate_basis_points bigint;
alter table access_passes add column global_affiliate_enabled bigint not null default 0;
alter table access_passes add column member_affiliate_basis_points bigint;
alter table access_passes add column member_affiliate_enabled bigint not null default 0;
alter table access_passes add column show_member_count bigint not null default 1;
alter table access_passes add column show_offers bigint not null default 1;
alter table access_passes add column metadata text not null default '{}';

create table entries (
  id text primary key,
  plan_id text not null references plans (id),
  company_id text not null references companies (id),
  user_id text not null references users (id),
  status text not null,
  -- What was asked and what was answered, as it was then.
  answers text not null,
  decided_at bigint,
  -- When the customer was written to about the decision; null while that is still to be done.
  told_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  unique (plan_id, user_id)
);
create index entries_by_company on entries (company_id, id);
create index entries_by_plan on entries (plan_id, id);
create index entries_to_tell on entries (plan_id, id)
  where decided_at is not null and told_at is null;
create index checkout_sessions_by_entry on checkout_sessions (entry_id)
  where entry_id is not null;

-- One for each plan that is raffled off. The seed is secret until it is drawn.
create table raffles (
  plan_id text primary key references plans (id),
  seed bytea not null,
  commitment text not null,
  -- How many win.
  places bigint not null,
  closed_at bigint,
  entries_digest text,
  drawn_at bigint,
  -- The published draw, as JSON.
  draw text,
  created_at bigint not null
);
