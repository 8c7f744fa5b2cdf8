-- Charges of attempts that did not pay for what they were made for: another attempt had paid for it, or it was over.
-- Each is given back once.
create table stray_charges (
  -- What the processor calls the charge.
  reference text primary key,
  processor text not null,
  payment_id text not null references payments (id),
  amount_minor bigint not null,
  currency text not null,
  -- How its return stands, in the words of refunds.
  status text not null,
  -- What the processor calls the return; null until it said so.
  refund_reference text,
  failure_message text,
  created_at bigint not null,
  updated_at bigint not null
);
-- Whose charge it was is found by what Stripe calls them.
create index stripe_customers_by_customer on stripe_customers (customer);
create index stray_charges_by_payment on stray_charges (payment_id, created_at);
