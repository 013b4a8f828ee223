package io.latchkey.benchmarks.peers;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.Lock;
import io.etcd.jetcd.election.LeaderKey;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.support.CloseableClient;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** etcd's lock and election, through jetcd. All locks of a client hang on one lease, which is kept alive. */
record EtcdPeer(String endpoint) implements Peer {
    private static final Duration LEASE = Duration.ofSeconds(30);

    @Override
    public LockClient connect(ClientOptions options) throws Exception {
        Client client = Client.builder().endpoints(endpoint).build();
        Duration length = options.lease() == null ? LEASE : options.lease();
        long lease = client.getLeaseClient().grant(length.toSeconds()).get().getID();
        return new Connected(client, lease, client.getLeaseClient().keepAlive(lease, new Ignored()));
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static final class Ignored implements StreamObserver<LeaseKeepAliveResponse> {
        @Override
        public void onNext(LeaseKeepAliveResponse value) {}

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {}
    }

    private record Connected(Client client, long lease, CloseableClient keepAlive) implements LockClient {
        @Override
        public Held lock(String name) throws Exception {
            Lock lock = client.getLockClient();
            ByteSequence key = lock.lock(bytes(name), lease).get().getKey();
            return () -> lock.unlock(key).get();
        }

        @Override
        public AutoCloseable stand(String name, Runnable elected) {
            Election election = client.getElectionClient();
            CompletableFuture<LeaderKey> leads = election.campaign(bytes(name), lease, bytes("candidate"))
                    .thenApply(response -> {
                        elected.run();
                        return response.getLeader();
                    });
            return () -> {
                if (leads.isDone() && !leads.isCompletedExceptionally()) {
                    election.resign(leads.join()).get(10, TimeUnit.SECONDS);
                }
            };
        }

        @Override
        public void close() throws Exception {
            keepAlive.close();
            client.getLeaseClient().revoke(lease).get(10, TimeUnit.SECONDS);
            client.close();
        }
    }
}
