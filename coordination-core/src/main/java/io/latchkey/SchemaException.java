package io.latchkey;

import org.jspecify.annotations.Nullable;

/** The schema {@code latchkey} is missing, too old, too new, or may not be used by this role. The message says what to do. */
public final class SchemaException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    /** Creates one; see {@link CoordinationException#CoordinationException}. */
    public SchemaException(String message, @Nullable String sqlState, @Nullable Throwable cause) {
        super(message, null, sqlState, cause);
    }
}
