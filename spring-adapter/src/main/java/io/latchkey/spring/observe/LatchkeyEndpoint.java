package io.latchkey.spring.observe;

import io.latchkey.Latchkey;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/** {@code /actuator/latchkey}: who holds which lock since when, who waits, and which instances there are. */
@Endpoint(id = "latchkey")
public final class LatchkeyEndpoint {
    private static final int MAX_ROWS = 1_000;

    private final Latchkey latchkey;

    /** Shows what this client sees. */
    public LatchkeyEndpoint(Latchkey latchkey) {
        this.latchkey = latchkey;
    }

    /** All of it; at most 1,000 rows of each kind. */
    @ReadOperation
    public Overview overview() {
        return Overview.of(latchkey, MAX_ROWS);
    }
}
