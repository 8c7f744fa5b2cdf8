-- Who sent somebody to a waitlist or raffle, as the link said: the sale counts for them once it is made.
alter table entries add column affiliate_code text;
