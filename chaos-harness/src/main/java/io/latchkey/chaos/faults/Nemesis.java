package io.latchkey.chaos.faults;

import io.latchkey.chaos.history.Outage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Lets faults happen, one or two at a time, and heals each. Which, on whom and for how long depends on the seed alone. Every kind comes
 * once before any comes again. Now and then it leaves the world in peace for long enough that nothing may be left of what it did.
 */
public final class Nemesis {
    /** Half a minute: a server that recovers from a crash takes its time on a machine that is busy. */
    private static final int HEAL_TRIES = 120;

    private final World world;
    private final List<FaultKind> kinds;
    private final SplittableRandom random;
    private final Duration calm;
    private final int faultsBetweenCalms;
    private final Consumer<String> log;
    private final Deque<FaultKind> deck = new ArrayDeque<>();
    private final List<Outage> outages = new CopyOnWriteArrayList<>();
    private int sinceCalm;

    /**
     * One that has not begun.
     *
     * @param kinds what it may do
     * @param calm how long the peace lasts
     * @param faultsBetweenCalms after how many faults there is one
     * @param log told of each fault, one line
     */
    public Nemesis(
            World world,
            List<FaultKind> kinds,
            long seed,
            Duration calm,
            int faultsBetweenCalms,
            Consumer<String> log) {
        this.world = world;
        this.kinds = List.copyOf(kinds);
        this.random = new SplittableRandom(seed);
        this.calm = calm;
        this.faultsBetweenCalms = faultsBetweenCalms;
        this.log = log;
    }

    /** One fault that is at work. */
    private static final class Active {
        private final Fault fault;
        private final String what;
        private final long from;
        private final long until;
        private final int place;
        private final boolean happened;

        private Active(Fault fault, String what, long from, long until, int place, boolean happened) {
            this.fault = fault;
            this.what = what;
            this.from = from;
            this.until = until;
            this.place = place;
            this.happened = happened;
        }
    }

    /** What happened so far, also what is happening now. */
    public List<Outage> outages() {
        return List.copyOf(outages);
    }

    /**
     * Is at work until the time is up or it is told to stop; everything is healed when this returns.
     *
     * @param least how many faults there must be at least: on a slow machine it takes longer, up to three times the time
     */
    public void run(Duration time, int least, BooleanSupplier stop) throws InterruptedException {
        long began = System.nanoTime();
        while (!stop.getAsBoolean()) {
            long passed = System.nanoTime() - began;
            if (passed > 3 * time.toNanos() || (passed > time.toNanos() && happened() >= least)) {
                return;
            }
            if (kinds.isEmpty()) {
                Thread.sleep(200);
                continue;
            }
            long settled = strike();
            // Sometimes the next fault comes while the effects of this one last, sometimes after them.
            long pause = random.nextInt(100, 900);
            if (random.nextInt(8) == 0 && calm.toSeconds() > 0) {
                pause = Math.max(pause, TimeUnit.NANOSECONDS.toMillis(settled - System.nanoTime()));
            }
            Thread.sleep(pause);
            if (sinceCalm >= faultsBetweenCalms) {
                sinceCalm = 0;
                rest(calm, stop);
            }
        }
    }

    private long happened() {
        return outages.stream().filter(Outage::happened).count();
    }

    /** Does nothing for so long. */
    public void rest(Duration time, BooleanSupplier stop) throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        while (!stop.getAsBoolean() && System.nanoTime() - until < 0) {
            Thread.sleep(100);
        }
    }

    /** Returns when its effects are over. */
    private long strike() throws InterruptedException {
        List<Active> active = new ArrayList<>();
        Set<String> touched = new HashSet<>();
        // Of two kinds alone it is the combination that matters.
        int count = kinds.size() == 2 || random.nextInt(100) < 40 ? 2 : 1;
        for (int i = 0; i < count; i++) {
            Fault fault = next().aim().at(world, random.split());
            if (Collections.disjoint(touched, fault.parts())) {
                touched.addAll(fault.parts());
                active.add(inject(fault));
                sinceCalm++;
            }
        }
        active.sort(Comparator.comparingLong(one -> one.until));
        for (Active one : active) {
            long left = one.until - System.nanoTime();
            if (left > 0) {
                Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
            }
            heal(one);
        }
        return outages.stream().mapToLong(Outage::settledAt).max().orElse(0);
    }

    private FaultKind next() {
        if (deck.isEmpty()) {
            List<FaultKind> shuffled = new ArrayList<>(kinds);
            Collections.shuffle(shuffled, new Random(random.nextLong()));
            deck.addAll(shuffled);
        }
        return deck.pop();
    }

    private Active inject(Fault fault) {
        long from = System.nanoTime();
        int place = outages.size();
        outages.add(outage(fault, fault.name(), from, Long.MAX_VALUE, Long.MAX_VALUE, true));
        String what;
        boolean happened = true;
        try {
            what = fault.inject(world);
        } catch (Exception e) {
            happened = false;
            what = "could not be injected: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        }
        outages.set(place, outage(fault, what, from, Long.MAX_VALUE, Long.MAX_VALUE, happened));
        long until = System.nanoTime() + fault.lasting().toNanos();
        return new Active(fault, what, from, until, place, happened);
    }

    private void heal(Active active) throws InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                active.fault.heal(world);
                break;
            } catch (Exception e) {
                if (attempt == HEAL_TRIES) {
                    throw new IllegalStateException(active.fault.name() + " cannot be healed", e);
                }
                Thread.sleep(250);
            }
        }
        long healed = System.nanoTime();
        long settled = healed + active.fault.settling(world).toNanos();
        outages.set(active.place, outage(active.fault, active.what, active.from, healed, settled, active.happened));
        log.accept(String.format("%-22s %s", active.fault.name(), active.what));
    }

    private static Outage outage(Fault fault, String what, long from, long healed, long settled, boolean happened) {
        return new Outage(fault.name(), fault.victim(), what, from, healed, settled, fault.losesCommits(), happened);
    }
}
