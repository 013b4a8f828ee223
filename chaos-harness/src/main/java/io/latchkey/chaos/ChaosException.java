package io.latchkey.chaos;

/** A run that could not be made. The message is for people. */
final class ChaosException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ChaosException(String message) {
        super(message);
    }
}
