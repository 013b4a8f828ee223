package io.latchkey.examples.demo;

/** The demo cannot go on; the message is one sentence for its reader. */
final class DemoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DemoException(String message) {
        super(message);
    }
}
