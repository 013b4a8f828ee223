package io.latchkey.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The server answered a login with an error, which the client shall see. */
final class LoginRefusedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient PgMessage error;

    LoginRefusedException(PgMessage error) {
        super(new String(error.body(), StandardCharsets.UTF_8).replace('\0', ' '));
        this.error = error;
    }

    PgMessage error() {
        return error;
    }

    /** The server starts or stops (SQLSTATE class 57). */
    boolean isTemporary() {
        return new String(error.body(), StandardCharsets.UTF_8).contains("\0C57P");
    }
}
