-- From where somebody typed the buyer's address, while the attempt counts there as one that paid nothing.
alter table payments add column tried_from text;
