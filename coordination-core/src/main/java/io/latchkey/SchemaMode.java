package io.latchkey;

/** What a client does about the schema {@code latchkey} when it connects. */
public enum SchemaMode {
    /** Creates or upgrades it if need be (the default). The role needs CREATE on the database for that, and only then. */
    INSTALL,
    /** Only checks that it is there and fits; for schemas that Flyway, Liquibase or an administrator installs. */
    CHECK
}
