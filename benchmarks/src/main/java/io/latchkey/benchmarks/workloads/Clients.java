package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.LockClient;
import io.latchkey.benchmarks.peers.Peer;
import java.util.ArrayList;
import java.util.List;

/** Clients of one peer and the threads that use them. */
final class Clients implements AutoCloseable {
    private final List<LockClient> clients = new ArrayList<>();
    private final Crew crew;

    Clients(Peer peer, int clients, int threads, ClientOptions options) throws Exception {
        this.crew = new Crew(threads);
        try {
            add(peer, clients, options);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    void add(Peer peer, int more, ClientOptions options) throws Exception {
        for (int i = 0; i < more; i++) {
            clients.add(peer.connect(options));
        }
    }

    /** The threads share the clients out among themselves. */
    LockClient of(int member) {
        return clients.get(member % clients.size());
    }

    List<LockClient> all() {
        return clients;
    }

    Crew crew() {
        return crew;
    }

    /** Takes the lock of this name and gives it back. */
    void pair(int member, String name) throws Exception {
        of(member).lock(name).unlock();
    }

    @Override
    public void close() throws Exception {
        crew.close();
        for (LockClient client : clients) {
            client.close();
        }
    }
}
