-- The last dispute of a stray charge: what the processor calls it, and where it stands.
alter table stray_charges add column dispute_reference text;
alter table stray_charges add column dispute_status text;
-- What of the charge a bank holds until it has decided, and what banks took back for good.
alter table stray_charges add column disputed_minor bigint not null default 0;
alter table stray_charges add column lost_minor bigint not null default 0;
