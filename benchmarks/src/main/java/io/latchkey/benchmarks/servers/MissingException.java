package io.latchkey.benchmarks.servers;

/** A server is not on this machine; the message says how to get it. */
public final class MissingException extends RuntimeException {
    MissingException(String message) {
        super(message);
    }
}
