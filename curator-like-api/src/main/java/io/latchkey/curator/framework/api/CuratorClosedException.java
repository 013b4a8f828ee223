package io.latchkey.curator.framework.api;

/** The client was closed. */
public class CuratorClosedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** Creates one. */
    public CuratorClosedException() {
        super("Expected state [STARTED] was [STOPPED]");
    }
}
