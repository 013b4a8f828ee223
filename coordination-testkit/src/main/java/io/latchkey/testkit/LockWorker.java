package io.latchkey.testkit;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A process that takes locks, for {@link JavaProcess}: it can be killed, stopped and continued like any other. Arguments: URL,
 * name of the worker, session timeout in ms. Lines it understands: {@code acquire NAME}, {@code release}, {@code valid}, and
 * {@code contend THREADS TURNS NAME...}. Lines it says: {@code acquired TOKEN}, {@code released BOOLEAN}, {@code valid BOOLEAN},
 * {@code lost}, and, for each turn of a contest, {@code turn NAME TOKEN FROM UNTIL} in {@link System#nanoTime()}, which all
 * processes of one machine share on Linux.
 */
public final class LockWorker {
    private LockWorker() {}

    /** Runs until the parent closes the pipe. */
    public static void main(String[] args) throws InterruptedException {
        ParentChannel parent = ParentChannel.open();
        try (Latchkey latchkey = Latchkey.builder(args[0])
                .holder(args[1])
                .sessionTimeout(Duration.ofMillis(Long.parseLong(args[2])))
                .connect()) {
            parent.send("ready");
            Lease lease = null;
            while (true) {
                String[] words = parent.receive().split(" ");
                switch (words[0]) {
                    case "acquire" -> {
                        lease = latchkey.lock(words[1]).acquire();
                        lease.onLost(() -> parent.send("lost"));
                        parent.send("acquired " + lease.fencingToken());
                    }
                    case "release" -> parent.send("released " + (lease != null && lease.release()));
                    case "valid" -> parent.send("valid " + (lease != null && lease.isValid()));
                    case "contend" -> contend(latchkey, parent, words);
                    default -> parent.send("what is " + words[0] + "?");
                }
            }
        }
    }

    private static void contend(Latchkey latchkey, ParentChannel parent, String[] words) throws InterruptedException {
        int turns = Integer.parseInt(words[2]);
        List<String> names = List.of(words).subList(3, words.length);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(words[1]); i++) {
            SplittableRandom random = new SplittableRandom(i);
            Thread thread = new Thread(() -> takeTurns(latchkey, parent, turns, names, random));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        parent.send("contended");
    }

    private static void takeTurns(
            Latchkey latchkey, ParentChannel parent, int turns, List<String> names, SplittableRandom random) {
        try {
            for (int turn = 0; turn < turns; turn++) {
                String name = names.get(random.nextInt(names.size()));
                try (Lease lease = latchkey.lock(name).acquire()) {
                    long from = System.nanoTime();
                    boolean valid = lease.isValid();
                    long until = System.nanoTime();
                    parent.send((valid ? "turn " : "invalid ") + name + " " + lease.fencingToken() + " " + from + " "
                            + until);
                }
            }
        } catch (InterruptedException e) {
            parent.send("interrupted");
        }
    }
}
