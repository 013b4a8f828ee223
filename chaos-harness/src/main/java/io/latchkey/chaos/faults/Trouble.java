package io.latchkey.chaos.faults;

import java.time.Duration;
import java.util.Set;

/** A fault put together from its parts. Immutable until it is injected. */
final class Trouble implements Fault {
    /** Begins or ends something. */
    interface Action {
        void run(World world) throws Exception;
    }

    private final String name;
    private final String what;
    private final Set<String> parts;
    private final Duration lasting;
    private final Action inject;
    private final Action heal;
    private int victim;
    private int settlingTimeouts = 2;
    private boolean losesCommits;

    Trouble(String name, String what, Set<String> parts, long lastingMs, Action inject, Action heal) {
        this.name = name;
        this.what = what;
        this.parts = parts;
        this.lasting = Duration.ofMillis(lastingMs);
        this.inject = inject;
        this.heal = heal;
    }

    /** It is this worker's. */
    Trouble of(int worker) {
        victim = worker;
        return this;
    }

    /** Its effects last for so many session timeouts. */
    Trouble settlesIn(int timeouts) {
        settlingTimeouts = timeouts;
        return this;
    }

    /** It may lose what was committed. */
    Trouble losing() {
        losesCommits = true;
        return this;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<String> parts() {
        return parts;
    }

    @Override
    public int victim() {
        return victim;
    }

    @Override
    public String inject(World world) throws Exception {
        inject.run(world);
        return what;
    }

    @Override
    public Duration lasting() {
        return lasting;
    }

    @Override
    public void heal(World world) throws Exception {
        heal.run(world);
    }

    @Override
    public Duration settling(World world) {
        return world.sessionTimeout().multipliedBy(settlingTimeouts).plusSeconds(1);
    }

    @Override
    public boolean losesCommits() {
        return losesCommits;
    }
}
