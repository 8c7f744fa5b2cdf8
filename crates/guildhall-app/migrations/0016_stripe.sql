-- Stripe: whom it knows our buyers as, what it was asked, and which of its events were heard.

create table stripe_customers (
  user_id text not null references users (id),
  -- live or test: the two know nothing of each other.
  mode text not null,
  -- What Stripe calls the buyer.
  customer text not null,
  created_at bigint not null,
  primary key (user_id, mode)
);

-- What was asked under each key, so that asking again asks the same.
create table stripe_charges (
  charge_key text primary key,
  payment_id text not null,
  customer text not null,
  -- The body, as it is sent.
  form text not null,
  -- Whether a method was named, so that Stripe needs no card of the buyer.
  has_method bigint not null,
  is_present bigint not null,
  is_kept bigint not null,
  return_url text not null,
  -- What Stripe calls the charge; null until it said so.
  reference text unique,
  created_at bigint not null
);
create index stripe_charges_by_payment on stripe_charges (payment_id, created_at);

-- Each event is heard once.
create table stripe_events (
  id text primary key,
  created_at bigint not null
);
create index stripe_events_by_age on stripe_events (created_at, id);
