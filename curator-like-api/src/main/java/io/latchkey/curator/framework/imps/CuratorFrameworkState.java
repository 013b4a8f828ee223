package io.latchkey.curator.framework.imps;

/** The life of a client. */
public enum CuratorFrameworkState {
    /** Not started. */
    LATENT,
    /** Started; it may not be connected yet. */
    STARTED,
    /** Closed. */
    STOPPED
}
