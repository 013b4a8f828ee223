package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must hold of the tables, whatever was called. */
final class Invariants {
    private static final String[] BROKEN = {
        // Names and numbers
        "SELECT 'name: ' || left(name, 60) FROM latchkey._lock WHERE octet_length(name) NOT BETWEEN 1 AND 512",
        "SELECT 'token: ' || name FROM latchkey._lock WHERE token < 0 OR token > (SELECT latchkey._next_token(0) + 40000000000000)",
        "SELECT 'holder: ' || name FROM latchkey._lock WHERE octet_length(holder) > 512",
        "SELECT 'timeout: ' || holder FROM latchkey._session WHERE expires_at > clock_timestamp() + timeout_ms * interval '1 ms'",
        "SELECT 'lease: ' || name FROM latchkey._lock WHERE expires_at > clock_timestamp() + interval '366 days'",
        // One holder, or only sharers, and no more than there is
        "SELECT 'two owners: ' || name FROM latchkey._lock WHERE session IS NOT NULL AND expires_at IS NOT NULL",
        "SELECT 'no call: ' || name FROM latchkey._lock WHERE session IS NOT NULL AND request IS NULL",
        "SELECT 'shares of a lock held alone: ' || l.name FROM latchkey._lock l JOIN latchkey._shares h ON h.name = l.name"
                + " JOIN latchkey._session s ON s.id = h.session AND s.expires_at > clock_timestamp()"
                + " WHERE l.request IS NOT NULL AND h.token > l.shared_above AND NOT h.given_back",
        "SELECT 'held alone, and a semaphore: ' || name FROM latchkey._lock WHERE permits IS NOT NULL AND request IS NOT NULL",
        "SELECT 'counts too little: ' || l.name FROM latchkey._lock l JOIN latchkey._shares h ON h.name = l.name AND h.token > l.shared_above"
                + " GROUP BY l.name, l.taken HAVING sum(h.weight) > l.taken",
        "SELECT 'no row: ' || h.name FROM latchkey._share h WHERE NOT EXISTS (SELECT FROM latchkey._lock l WHERE l.name = h.name)",
        "SELECT 'token of the future: ' || h.name FROM latchkey._shares h JOIN latchkey._lock l ON l.name = h.name WHERE h.token > l.token",
        "SELECT 'a place that nobody can fence: ' || l.name FROM latchkey._lock l WHERE l.first_session IS NOT NULL AND (l.first_token IS NULL"
                + " OR l.first_request IS NULL OR l.first_weight IS NULL OR l.request IS NOT NULL)",
        "SELECT 'given back by nobody: ' || name FROM latchkey._lock WHERE first_given_back AND first_session IS NULL",
        "SELECT 'short cut beside shares: ' || l.name FROM latchkey._lock l WHERE l.taken > 0 AND NOT l.waiting",
        // Nobody is forgotten
        "SELECT 'waits, and the row does not say so: ' || w.name FROM latchkey._waiter w LEFT JOIN latchkey._lock l ON l.name = w.name"
                + " JOIN latchkey._session s ON s.id = w.session AND s.expires_at > clock_timestamp()"
                + " WHERE w.token IS NULL AND NOT coalesce(l.queued AND l.waiting AND w.ticket > l.ticket, false)",
        "SELECT 'one marker, not ' || count(*) FROM latchkey._incarnation HAVING count(*) <> 1",
        "SELECT 'one row of settings, not ' || count(*) FROM latchkey._setting HAVING count(*) <> 1"
    };

    private final Caller admin;
    private final Map<String, Long> tokens = new HashMap<>();

    Invariants(Caller admin) {
        this.admin = admin;
    }

    void check(String when) throws SQLException {
        for (String broken : BROKEN) {
            assertThat(admin.rows(broken)).as("%s: %s", when, broken).isEmpty();
        }
        List<String> rows = admin.rows("SELECT token || ' ' || name FROM latchkey._lock");
        for (String row : rows) {
            int space = row.indexOf(' ');
            long token = Long.parseLong(row.substring(0, space));
            Long before = tokens.put(row.substring(space + 1), token);
            assertThat(token).as("%s: token of %s", when, row).isGreaterThanOrEqualTo(before == null ? 0 : before);
        }
    }
}
