package io.latchkey.spring.boot;

import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** The same where others ask an unreachable database first, such as Flyway: the driver's sentence instead of a stack trace. */
final class UnreachableDatabaseFailureAnalyzer extends AbstractFailureAnalyzer<PSQLException> {
    private static final String CONNECTION_EXCEPTION = "08";

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, PSQLException cause) {
        String state = cause.getSQLState();
        return state == null || !state.startsWith(CONNECTION_EXCEPTION)
                ? null
                : new FailureAnalysis(
                        "The database cannot be reached: " + cause.getMessage(),
                        "Start the database, or correct spring.datasource.url.",
                        cause);
    }
}
