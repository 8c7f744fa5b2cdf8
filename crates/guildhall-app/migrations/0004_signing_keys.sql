-- The keys that sign user tokens, shared by every copy of the server.

create table signing_keys (
  -- The thumbprint of the public key (RFC 7638).
  kid text primary key,
  -- PKCS #8.
  private_key bytea not null,
  created_at bigint not null,
  signs_from bigint not null,
  -- Null while no other key follows.
  retires_at bigint
);
