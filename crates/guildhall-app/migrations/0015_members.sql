-- The people of a company, and the lists of people, memberships and payments that its team reads.

-- Everybody who ever began a membership of a company or a payment to it, once.
create table company_members (
  id text primary key,
  company_id text not null references companies (id),
  user_id text not null references users (id),
  -- When they first held a membership; until then when they came on record.
  joined_at bigint not null,
  -- core, company_member::RecentAction; and when it happened.
  recent_action text not null,
  acted_at bigint not null,
  -- What they paid in usd, less what went back.
  usd_spent_minor bigint not null default 0,
  created_at bigint not null,
  updated_at bigint not null,
  unique (company_id, user_id)
);
create index company_members_by_action on company_members (company_id, acted_at, id);
create index company_members_by_creation on company_members (company_id, created_at, id);
create index company_members_by_id on company_members (company_id, id);
create index company_members_by_joining on company_members (company_id, joined_at, id);
create index company_members_by_spending on company_members (company_id, usd_spent_minor, id);

-- What a member paid in one currency, less what went back.
create table company_member_spending (
  company_id text not null references companies (id),
  user_id text not null references users (id),
  currency text not null,
  spent_minor bigint not null,
  primary key (company_id, user_id, currency)
);

insert into company_member_spending (company_id, user_id, currency, spent_minor)
select company_id, user_id, currency, cast(sum(amount_minor - refunded_minor - lost_minor) as bigint)
from payments
where stage = 'paid' and is_chargeable = 1
group by company_id, user_id, currency;

-- A membership belongs to one person and company, so the first of each pair names the pair.
insert into company_members (id, company_id, user_id, joined_at, recent_action, acted_at, usd_spent_minor,
  created_at, updated_at)
select 'mber_' || substr(min(m.id), 5), m.company_id, m.user_id,
  coalesce(min(case when m.status <> 'drafted' then m.created_at end), min(m.created_at)),
  case
    when max(case when m.status = 'drafted' then 0 else 1 end) = 0 then 'drafted'
    when max(case when m.status in ('drafted', 'canceled', 'expired') then 0 else 1 end) = 0 then 'left'
    else 'joined'
  end,
  max(m.updated_at),
  coalesce(
    (select s.spent_minor
     from company_member_spending s
     where s.company_id = m.company_id and s.user_id = m.user_id and s.currency = 'usd'),
    0
  ),
  min(m.created_at), max(m.updated_at)
from memberships m
group by m.company_id, m.user_id;

-- What was paid for it in its plan's currency, less what went back.
alter table memberships add column spent_minor bigint not null default 0;
update memberships
set spent_minor = coalesce(
  (select cast(sum(y.amount_minor - y.refunded_minor - y.lost_minor) as bigint)
   from payments y
   where y.membership_id = memberships.id and y.stage = 'paid' and y.is_chargeable = 1),
  0
);

-- The list holds memberships with a plan. The index by id holds the plan too, so that counting reads nothing else.
create index memberships_listed_by_cancelation on memberships (company_id, (coalesce(canceled_at, 0)), id)
  where plan_id is not null;
create index memberships_listed_by_creation on memberships (company_id, created_at, id)
  where plan_id is not null;
create index memberships_listed_by_id on memberships (company_id, id, plan_id)
  where plan_id is not null;
create index memberships_listed_by_spending on memberships (company_id, spent_minor, id)
  where plan_id is not null;
create index memberships_listed_by_status on memberships (company_id, status, id)
  where plan_id is not null;

create index payments_by_amount on payments (company_id, amount_minor, id);
create index payments_by_creation on payments (company_id, created_at, id);
create index payments_by_payment on payments (company_id, (coalesce(paid_at, 0)), id);
