-- What Stripe keeps of a charge, in minor units of the charge's currency; null until it said so.
alter table stripe_charges add column fee_minor bigint;
