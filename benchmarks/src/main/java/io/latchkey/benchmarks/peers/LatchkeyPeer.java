package io.latchkey.benchmarks.peers;

import io.latchkey.ElectionListener;
import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.Lease;

/** Latchkey, with its defaults. */
record LatchkeyPeer(String url) implements Peer {
    @Override
    public LockClient connect(ClientOptions options) {
        LatchkeyBuilder builder = Latchkey.builder(url);
        if (options.lease() != null) {
            builder.sessionTimeout(options.lease());
        }
        return new Client(builder.connect());
    }

    private record Client(Latchkey latchkey) implements LockClient {
        @Override
        public Held lock(String name) throws InterruptedException {
            Lease lease = latchkey.lock(name).acquire();
            return lease::release;
        }

        @Override
        public AutoCloseable stand(String election, Runnable elected) {
            LeaderElection candidate = latchkey.election(election);
            candidate.addListener(new ElectionListener() {
                @Override
                public void elected(Leadership leadership) {
                    elected.run();
                }
            });
            candidate.campaign();
            return candidate;
        }

        @Override
        public void close() {
            latchkey.close();
        }
    }
}
