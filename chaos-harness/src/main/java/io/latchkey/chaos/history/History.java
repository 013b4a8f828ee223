package io.latchkey.chaos.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Everything that is known of a run at one moment. Not thread-safe. */
public final class History {
    private final Map<Integer, List<Attempt>> attempts = new HashMap<>();
    private final List<Write> writes = new ArrayList<>();
    private final List<Outage> outages = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private final List<String> surprises = new ArrayList<>();
    private boolean rowsKnown;
    private long until = Long.MIN_VALUE;

    /** Adds an attempt. */
    public History add(Attempt attempt) {
        attempts.computeIfAbsent(attempt.resource().id(), id -> new ArrayList<>())
                .add(attempt);
        return this;
    }

    /** Adds a guarded transaction. */
    public History add(Write write) {
        writes.add(write);
        return this;
    }

    /** Adds a fault. */
    public History add(Outage outage) {
        outages.add(outage);
        return this;
    }

    /** The faults, anew: some have been healed meanwhile. */
    public void outages(Collection<Outage> now) {
        outages.clear();
        outages.addAll(now);
    }

    /** The guarded table in the end. */
    public History rows(Collection<Row> found) {
        rows.clear();
        rows.addAll(found);
        rowsKnown = true;
        return this;
    }

    /** Something that a worker did not expect. */
    public History surprise(String what) {
        surprises.add(what);
        return this;
    }

    /** Until when it is complete. */
    public History until(long moment) {
        until = moment;
        return this;
    }

    /** By the id of the resource. */
    public Map<Integer, List<Attempt>> attempts() {
        return attempts;
    }

    public List<Write> writes() {
        return writes;
    }

    public List<Outage> outages() {
        return outages;
    }

    public List<Row> rows() {
        return rows;
    }

    /** Whether the guarded table has been read. */
    public boolean rowsKnown() {
        return rowsKnown;
    }

    public List<String> surprises() {
        return surprises;
    }

    public long until() {
        return until;
    }
}
