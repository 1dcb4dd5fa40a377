-- Certificates by which clients are known: SHA-256 of the certificate's DER, hexadecimal. A client may have several, as when one is renewed.
CREATE TABLE client_certificates (
    certificate TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    recorded BIGINT NOT NULL
);
