-- Promo codes and what they were used for; affiliates and what is agreed with them.

create table promo_codes (
  id text primary key,
  company_id text not null references companies (id),
  -- In capitals.
  code text not null,
  access_pass_id text references access_passes (id),
  promo_type text not null,
  -- Minor units of the currency, or hundredths of a percent.
  amount bigint not null,
  currency text not null,
  duration text not null,
  number_of_intervals bigint not null,
  unlimited_stock bigint not null,
  -- What is left; without meaning where it is unlimited.
  stock bigint not null,
  uses bigint not null default 0,
  new_users_only bigint not null,
  churned_users_only bigint not null,
  existing_memberships_only bigint not null,
  one_per_customer bigint not null,
  expires_at bigint,
  -- active, inactive, or archived when it was deleted.
  status text not null,
  created_at bigint not null,
  updated_at bigint not null
);
-- The text of a deleted code is free again.
create unique index promo_codes_by_live_code on promo_codes (company_id, code) where status <> 'archived';
create index promo_codes_by_code on promo_codes (company_id, code, id);
create index promo_codes_by_company on promo_codes (company_id, id);

-- The plans that a code is for; none for all of its pass or company.
create table promo_code_plans (
  promo_code_id text not null references promo_codes (id),
  plan_id text not null references plans (id),
  primary key (promo_code_id, plan_id)
);

create table promo_code_uses (
  payment_id text primary key,
  promo_code_id text not null references promo_codes (id),
  user_id text not null references users (id),
  -- The customer where one customer has one use, else null.
  only_user_id text,
  created_at bigint not null,
  unique (promo_code_id, only_user_id)
);
create index promo_code_uses_by_user on promo_code_uses (promo_code_id, user_id);

create table affiliates (
  id text primary key,
  company_id text not null references companies (id),
  user_id text not null references users (id),
  affiliate_type text not null,
  status text not null,
  created_at bigint not null,
  updated_at bigint not null,
  unique (company_id, user_id)
);
create index affiliates_by_company on affiliates (company_id, id);
create index affiliates_by_user on affiliates (user_id, id);

-- What is agreed with an affiliate beside what access passes offer to everyone.
create table affiliate_agreements (
  affiliate_id text not null references affiliates (id),
  -- Empty for every plan that has no row of its own.
  plan_id text not null,
  payout_type text not null,
  -- Minor units of the currency, or hundredths of a percent.
  amount bigint not null,
  currency text not null,
  only_first_payment bigint not null,
  primary key (affiliate_id, plan_id)
);

create index memberships_by_affiliate on memberships (affiliate_id) where affiliate_id is not null;
