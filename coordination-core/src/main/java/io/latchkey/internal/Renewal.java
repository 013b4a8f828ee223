package io.latchkey.internal;

import java.util.HashMap;
import java.util.Map;

/**
 * The answer to a renewal: {@code latchkey.renewal} as PostgreSQL prints it.
 *
 * @param alive whether the database knows the session
 * @param incarnation of the database
 * @param lookMs after how long a client that waits should call again, or -1
 * @param grants tokens by request, of grants that were not confirmed
 */
record Renewal(boolean alive, long incarnation, long lookMs, Map<Long, Long> grants) {

    static Renewal parse(String composite) {
        String[] parts = composite.substring(1, composite.length() - 1).split(",", -1);
        Map<Long, Long> grants = new HashMap<>();
        if (!parts[3].isEmpty()) {
            for (String grant : parts[3].split(";")) {
                int colon = grant.indexOf(':');
                grants.put(
                        Long.parseUnsignedLong(grant.substring(0, colon), 16),
                        Long.parseLong(grant.substring(colon + 1)));
            }
        }
        return new Renewal(
                parts[0].equals("alive"),
                Long.parseLong(parts[1]),
                parts[2].isEmpty() ? -1 : Long.parseLong(parts[2]),
                grants);
    }
}
