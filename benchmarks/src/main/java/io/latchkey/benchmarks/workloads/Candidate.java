package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.LockClient;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.testkit.ParentChannel;
import java.time.Duration;

/** A leader in a process of its own, which is killed. */
public final class Candidate {
    private Candidate() {}

    /** Arguments: the id of the peer, the address of its server, the election, the lease in milliseconds. */
    public static void main(String... arguments) throws Exception {
        ParentChannel parent = ParentChannel.open();
        PeerKind kind = PeerKind.of(arguments[0]).orElseThrow();
        ClientOptions options = ClientOptions.oneThread().lease(Duration.ofMillis(Long.parseLong(arguments[3])));
        LockClient client = kind.at(arguments[1]).connect(options);
        AutoCloseable candidate = client.stand(arguments[2], () -> parent.send("elected"));
        while (!parent.receive().equals("close")) {
            // Lead, until it is killed.
        }
        candidate.close();
        client.close();
    }
}
