package io.latchkey.chaos.faults;

import java.time.Duration;
import java.util.Set;

/**
 * One thing that goes wrong, once. Made by a {@link FaultKind} that has chosen the victim and the numbers; then {@link #inject} and
 * {@link #heal} are called once each, by the nemesis's thread.
 */
public interface Fault {
    /** The name of its kind. */
    String name();

    /** What it touches: faults that share something are not at work at the same time. */
    Set<String> parts();

    /** The number of the worker whose fault it is, 0 if it is everybody's. */
    default int victim() {
        return 0;
    }

    /** Lets it begin. Returns what was done, for people. */
    String inject(World world) throws Exception;

    /** How long it lasts after {@link #inject} has returned. */
    Duration lasting();

    /** Takes it back: the world is whole again when this returns. */
    void heal(World world) throws Exception;

    /** How long after {@link #heal} its effects may still be felt, on a busy machine. */
    Duration settling(World world);

    /** Whether commits that were confirmed may be lost. */
    default boolean losesCommits() {
        return false;
    }
}
