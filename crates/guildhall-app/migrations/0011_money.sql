-- Money: what plans promise, memberships that renew, payments and what goes back of them, and how people pay.
-- Amounts are minor units of the row's currency.

alter table companies add column tax_label text;
alter table companies add column tax_basis_points bigint not null default 0;
-- 1 where prices hold the tax, 0 where it comes on top.
alter table companies add column tax_is_included bigint not null default 1;

alter table access_passes add column license_key_prefix text;
alter table access_passes add column deleted_at bigint;

alter table plans add column name text;
alter table plans add column description text;
alter table plans add column metadata text not null default '{}';
alter table plans add column redirect_url text;
alter table plans add column entries_start_at bigint;
alter table plans add column entries_end_at bigint;
alter table plans add column most_entries bigint;
alter table plans add column archived_at bigint;
create index plans_by_company on plans (company_id, id);

alter table memberships add column updated_at bigint not null default 0;
update memberships set updated_at = created_at;
alter table memberships add column period_start bigint not null default 0;
update memberships set period_start = created_at;
alter table memberships add column quantity bigint not null default 1;
alter table memberships add column cancel_at_period_end bigint not null default 0;
alter table memberships add column canceled_at bigint;
alter table memberships add column cancelation_reason text;
alter table memberships add column past_due_since bigint;
alter table memberships add column failures bigint not null default 0;
-- How many payments fell due so far, the first one included: what a promo code counts.
alter table memberships add column payments_due bigint not null default 0;
-- When something falls due next, as the newest job for it has it; null for never.
alter table memberships add column due_at bigint;
-- Whether webhooks were told last that it counts.
alter table memberships add column told_valid bigint not null default 1;
update memberships set told_valid = 0 where status in ('drafted', 'expired', 'unresolved');
alter table memberships add column license_key text;
create unique index memberships_by_license_key on memberships (license_key) where license_key is not null;
alter table memberships add column metadata text not null default '{}';
alter table memberships add column custom_field_answers text not null default '[]';
alter table memberships add column checkout_session_id text;
alter table memberships add column promo_code_id text;
alter table memberships add column affiliate_id text;
alter table memberships add column payment_method_id text;
create index memberships_by_company on memberships (company_id, id);
create index memberships_by_plan on memberships (plan_id, user_id);

-- How somebody pays: a card as a processor keeps it for them, or their balance here.
create table payment_methods (
  id text primary key,
  user_id text not null references users (id),
  processor text not null,
  -- What the processor knows it by.
  reference text not null,
  brand text,
  last4 text,
  expiry_month bigint,
  expiry_year bigint,
  created_at bigint not null,
  removed_at bigint,
  unique (user_id, processor, reference)
);

-- By which method a company may charge somebody without asking again.
create table payment_consents (
  user_id text not null references users (id),
  company_id text not null references companies (id),
  payment_method_id text not null references payment_methods (id),
  created_at bigint not null,
  primary key (user_id, company_id)
);

create table payments (
  id text primary key,
  company_id text not null references companies (id),
  user_id text not null references users (id),
  plan_id text not null references plans (id),
  access_pass_id text not null references access_passes (id),
  membership_id text references memberships (id),
  checkout_session_id text unique,
  -- The renewal it is: of which membership, after which period (core, billing::renewal_key).
  renewal_key text unique,
  invoice_id text,
  entry_id text,
  app_id text,
  billing_reason text not null,
  description text,
  metadata text not null,
  redirect_url text,
  custom_field_answers text not null default '[]',
  quantity bigint not null,
  currency text not null,
  subtotal_minor bigint not null,
  discount_minor bigint not null,
  tax_minor bigint not null,
  tax_label text,
  tax_basis_points bigint not null default 0,
  amount_minor bigint not null,
  is_chargeable bigint not null,
  -- core, payment::Stage.
  stage text not null,
  attempt bigint not null,
  processor text,
  payment_method_id text references payment_methods (id),
  -- What the processor calls the charge.
  reference text,
  -- Where the buyer goes for a second step.
  action_url text,
  failures bigint not null default 0,
  failure_code text,
  failure_message text,
  -- How many of the plan's stock it holds.
  stock_held bigint not null default 0,
  promo_code_id text,
  affiliate_id text,
  refunded_minor bigint not null default 0,
  lost_minor bigint not null default 0,
  dispute_status text,
  -- How it was divided, and what is left of the parts (core, sale::Sale).
  processor_fee_minor bigint not null default 0,
  platform_fee_minor bigint not null default 0,
  reward_minor bigint not null default 0,
  net_minor bigint not null default 0,
  pending_minor bigint not null default 0,
  reserve_minor bigint not null default 0,
  reward_pending_minor bigint not null default 0,
  reward_returned_minor bigint not null default 0,
  returned_minor bigint not null default 0,
  -- When what is pending, in reserve, and of the reward may be spent; null before it is sold.
  releases_at bigint,
  reserve_releases_at bigint,
  reward_releases_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  paid_at bigint,
  refunded_at bigint,
  last_attempt_at bigint,
  next_attempt_at bigint
);
create index payments_by_company on payments (company_id, id);
create index payments_by_user on payments (user_id, id);
create index payments_by_membership on payments (membership_id, id);
create index payments_by_affiliate on payments (affiliate_id, company_id);
create index payments_by_reference on payments (processor, reference);
-- What is under way, for whoever comes up again after a crash.
create index payments_under_way on payments (updated_at)
  where stage in ('authorizing', 'pending', 'charged', 'returning');

create table refunds (
  id text primary key,
  payment_id text not null references payments (id),
  company_id text not null references companies (id),
  amount_minor bigint not null,
  currency text not null,
  status text not null,
  reason text,
  requested_by text,
  reference text,
  failure_message text,
  drawn_reward_minor bigint not null,
  drawn_pending_minor bigint not null,
  drawn_reserve_minor bigint not null,
  drawn_available_minor bigint not null,
  drawn_debt_minor bigint not null,
  -- Who asked twice is told once.
  idempotence_key text unique,
  created_at bigint not null,
  updated_at bigint not null
);
create index refunds_by_payment on refunds (payment_id, id);
create index refunds_by_company on refunds (company_id, id);
create index refunds_by_reference on refunds (reference);

create table disputes (
  id text primary key,
  payment_id text not null references payments (id),
  company_id text not null references companies (id),
  amount_minor bigint not null,
  currency text not null,
  status text not null,
  reason text,
  reference text unique,
  fee_minor bigint not null,
  drawn_reward_minor bigint not null,
  drawn_pending_minor bigint not null,
  drawn_reserve_minor bigint not null,
  drawn_available_minor bigint not null,
  drawn_debt_minor bigint not null,
  needs_response_by bigint,
  created_at bigint not null,
  updated_at bigint not null
);
create index disputes_by_payment on disputes (payment_id, id);
create index disputes_by_company on disputes (company_id, id);

-- The sandbox: what a processor elsewhere would know of the charges that it was asked for.
create table sandbox_charges (
  charge_key text primary key,
  id text not null unique,
  user_id text not null,
  last4 text not null,
  amount_minor bigint not null,
  currency text not null,
  -- charged, declined, needs_action or canceled.
  status text not null,
  failure_code text,
  second_step_done bigint not null default 0,
  asked bigint not null,
  refunded_minor bigint not null default 0,
  created_at bigint not null
);
create index sandbox_charges_by_card on sandbox_charges (user_id, last4, status);

create table sandbox_refunds (
  refund_key text primary key,
  id text not null unique,
  charge_id text not null references sandbox_charges (id),
  amount_minor bigint not null,
  created_at bigint not null
);

alter table checkout_sessions add column quantity bigint not null default 1;
alter table checkout_sessions add column invoice_id text;
alter table checkout_sessions add column entry_id text;
alter table checkout_sessions add column promo_code text;
alter table checkout_sessions add column canceled_at bigint;
-- The amount is fixed where an app named it; elsewhere the plan says what is due.
alter table checkout_sessions add column is_amount_fixed bigint not null default 1;
