-- How many tries to give a stray charge back failed: the next refund is asked for under a key of its own.
alter table stray_charges add column failures bigint not null default 0;
update stray_charges set failures = 1 where status = 'failed';

-- Charges that cannot be delivered go back as stray ones do, and those that are on their way go on as such.
insert into stray_charges (reference, processor, payment_id, amount_minor, currency, status, created_at, updated_at)
select reference, processor, id, amount_minor, currency, 'pending', updated_at, updated_at
from payments
where stage = 'returning' and reference is not null and processor is not null;
update jobs
set kind = 'stray_charge',
  payload = (select p.reference from payments p where p.id = jobs.payload)
where kind = 'payment'
  and payload in (select p.id from payments p where p.stage = 'returning' and p.reference is not null);

-- What the sandbox's bank took back of a charge for good, in minor units.
alter table sandbox_charges add column lost_minor bigint not null default 0;
update sandbox_charges
set lost_minor = amount_minor - refunded_minor
where id in (
  select p.reference
  from payments p
  join disputes d on d.payment_id = p.id
  where p.processor = 'sandbox' and d.status = 'lost'
);
