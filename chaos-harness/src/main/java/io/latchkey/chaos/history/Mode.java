package io.latchkey.chaos.history;

/** How a resource is taken. The order is part of the file format. */
public enum Mode {
    EXCLUSIVE,
    TIMED,
    READ,
    WRITE,
    PERMITS,
    LEADER;

    /** Whether several may have it at once. */
    public boolean isShared() {
        return this == READ || this == PERMITS;
    }
}
