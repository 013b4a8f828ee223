package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.Peer;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import io.latchkey.benchmarks.report.Results;
import io.latchkey.benchmarks.report.Sample;
import io.latchkey.benchmarks.servers.Server;
import io.latchkey.benchmarks.servers.Servers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What a workload works with.
 *
 * @param scale how much of everything
 * @param peers who takes part, if it can
 * @param servers where they find their servers
 * @param results where figures go
 * @param progress told what is being done
 * @param notes told what a reader has to know, such as who had to be left out
 */
public record Bench(
        Scale scale,
        List<PeerKind> peers,
        Servers servers,
        Results results,
        Consumer<String> progress,
        Consumer<String> notes) {
    /** Prepares a peer, before the rounds. */
    @FunctionalInterface
    interface Opener<S extends AutoCloseable> {
        S open(PeerKind kind, Peer peer, Server server) throws Exception;
    }

    /** Takes the figures of one round. */
    @FunctionalInterface
    interface Measurement<S> {
        Map<Metric, Double> take(S subject) throws Exception;
    }

    /**
     * A variant of a workload.
     *
     * @param setting its name
     * @param space the name of the databases the peers work in, together with their ids
     * @param who takes part
     * @param opener prepares a peer
     * @param warmUp is done once before the rounds
     * @param measurement takes the figures of one round
     */
    record Variant<S extends AutoCloseable>(
            String setting,
            String space,
            Predicate<PeerKind> who,
            Opener<S> opener,
            Measurement<S> warmUp,
            Measurement<S> measurement) {}

    /**
     * Measures all peers in all variants in turn, round by round, each round beginning with another one. A peer that fails is left
     * out from then on, and a note says so.
     */
    <S extends AutoCloseable> void rounds(String workload, List<Variant<S>> variants) throws IOException {
        List<Subject<S>> subjects = new ArrayList<>();
        try {
            for (Variant<S> variant : variants) {
                for (PeerKind kind : peers.stream().filter(variant.who).toList()) {
                    progress.accept(variant.setting + ": " + kind.title());
                    attempt(workload, variant.setting, kind, () -> subjects.add(open(variant, kind)));
                }
            }
            for (int round = 1; round <= scale.rounds(); round++) {
                for (Subject<S> subject : inTurn(subjects, round)) {
                    progress.accept(subject.variant.setting + ": round " + round + ", " + subject.kind.title());
                    if (!measured(workload, round, subject)) {
                        subjects.remove(subject);
                        subject.opened.close();
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            subjects.forEach(
                    subject -> attempt(workload, subject.variant.setting, subject.kind, subject.opened::close));
        }
    }

    private <S extends AutoCloseable> Subject<S> open(Variant<S> variant, PeerKind kind) throws Exception {
        Server server = servers.get(kind.server());
        String database = variant.space + "-" + kind.id();
        S opened = variant.opener.open(kind, kind.at(server.address(database)), server);
        try {
            variant.warmUp.take(opened);
        } catch (Exception e) {
            opened.close();
            throw e;
        }
        server.settle(database);
        return new Subject<>(variant, kind, opened);
    }

    private record Subject<S extends AutoCloseable>(Variant<S> variant, PeerKind kind, S opened) {}

    private <S extends AutoCloseable> boolean measured(String workload, int round, Subject<S> subject) {
        String setting = subject.variant.setting;
        return attempt(
                workload,
                setting,
                subject.kind,
                () -> subject.variant
                        .measurement
                        .take(subject.opened)
                        .forEach((metric, value) ->
                                results.add(new Sample(workload, setting, subject.kind.id(), round, metric, value))));
    }

    /** Each round begins with another peer: whoever comes after a loud one always would be at a disadvantage. */
    static <T> List<T> inTurn(List<T> all, int round) {
        List<T> turned = new ArrayList<>(all);
        Collections.rotate(turned, -(round - 1));
        return turned;
    }

    /** Something that may fail. */
    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    /** Does something for a peer; if it fails, notes that and returns false. Ours may not fail. */
    boolean attempt(String workload, String setting, PeerKind kind, Action action) {
        try {
            action.run();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (Exception e) {
            if (kind.role() != PeerKind.Role.PEER) {
                throw new IllegalStateException(kind.title() + " failed (" + workload + ", " + setting + ")", e);
            }
            notes.accept(kind.title() + " is left out of \"" + workload + ", " + setting + "\": " + e);
            return false;
        }
    }
}
