package io.latchkey.spring.boot;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in a sentence why the client could not start, instead of with a stack trace. */
final class LatchkeyFailureAnalyzer extends AbstractFailureAnalyzer<CoordinationException> {
    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, CoordinationException cause) {
        String action = cause instanceof DatabaseUnavailableException
                ? "Start the database, or correct spring.datasource.url (or latchkey.url)."
                : "Do what the sentence above says.";
        return new FailureAnalysis(
                "Latchkey: " + cause.getMessage() + ".",
                action + " To start without locks, set latchkey.enabled=false.",
                cause);
    }
}
