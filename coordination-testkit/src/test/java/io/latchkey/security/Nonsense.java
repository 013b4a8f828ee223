package io.latchkey.security;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Calls of the API with arguments that make sense, with some that nearly do, and with nonsense; reproducible from a seed. Functions
 * and the types of their arguments come from the catalog, so a new function is called as well.
 */
final class Nonsense {
    private static final List<String> EDGES = List.of(
            "0", "-1", "9223372036854775807", "-9223372036854775808", "2147483648", "31536000001", "9007199254740993");
    private static final List<String> CALLS = List.of(
            "try",
            "acquire",
            "release",
            "withdraw",
            "read",
            "try_read",
            "give_back",
            "permits 2/5",
            "try_permits 1/5",
            "permits 0/0",
            "permits 99999999999/1",
            "permits",
            "downgrade 7",
            "downgrade x",
            "upgrade 9",
            "upgrade",
            "drop",
            "",
            " ");
    private static final List<String> ODD_NAMES = List.of(
            "",
            " ",
            "'",
            "\"",
            "\\",
            "'; DROP SCHEMA latchkey CASCADE; --",
            "%s%I%L",
            "$1",
            "$$",
            "\n\r\t",
            "\u0001",
            "\u202e",
            "ß",
            "i\u0307",
            "İ",
            "😀",
            "e\u0301",
            "é",
            "pg_temp",
            "x".repeat(512),
            "x".repeat(513),
            "ü".repeat(256),
            "ü".repeat(257),
            "😀".repeat(128),
            "x".repeat(100_000),
            "(granted,1,,,)",
            "{a,b}",
            "NULL");

    private final Random random;
    private final List<String> functions = new ArrayList<>();
    private final List<String[]> names = new ArrayList<>();
    private final List<String[]> types = new ArrayList<>();
    private final List<String> sessions;
    private final List<String> locks;
    private final List<String> tokens = new ArrayList<>();

    /**
     * @param functions a condition on {@code pg_proc p}: which functions to call
     * @param sessions ids that are known to whoever calls
     * @param locks names that are in use, so that calls meet
     */
    Nonsense(long seed, Caller admin, String functions, List<String> sessions, List<String> locks) throws SQLException {
        this.random = new Random(seed);
        this.sessions = sessions;
        this.locks = locks;
        for (String line :
                admin.rows("SELECT p.proname || '|' || coalesce(array_to_string(p.proargnames, ','), '') || '|'"
                        + " || coalesce((SELECT string_agg(t::regtype::text, ',' ORDER BY n) FROM unnest(p.proargtypes::oid[])"
                        + " WITH ORDINALITY u (t, n)), '') FROM pg_proc p"
                        + " WHERE p.pronamespace = 'latchkey'::regnamespace AND " + functions + " ORDER BY p.oid")) {
            String[] parts = line.split("\\|", -1);
            this.functions.add(parts[0]);
            names.add(parts[1].split(",", -1));
            types.add(parts[2].isEmpty() ? new String[0] : parts[2].split(",", -1));
        }
    }

    List<String> functions() {
        return functions;
    }

    /** Fencing tokens that can be seen now. */
    void tokensAre(List<String> visible) {
        tokens.clear();
        tokens.addAll(visible.subList(0, Math.min(200, visible.size())));
    }

    /** The function that a call is of. */
    static String functionOf(String call) {
        return call.substring(call.indexOf('.') + 1, call.indexOf('('));
    }

    String next() {
        return call(random.nextInt(functions.size()));
    }

    /** A call of this function. */
    String next(String function) {
        return call(functions.indexOf(function));
    }

    private String call(int which) {
        String[] type = types.get(which);
        int size = 1 + random.nextInt(4); // so that the arrays of a call fit each other, most of the time
        return IntStream.range(0, type.length)
                .mapToObj(i -> argument(names.get(which)[i], type[i], size))
                .collect(Collectors.joining(", ", "SELECT latchkey." + functions.get(which) + "(", ")"));
    }

    private String argument(String name, String type, int size) {
        if (random.nextInt(name.equals("p_permits") ? 2 : 40) == 0) {
            return "NULL::" + type;
        } else if (type.endsWith("[]")) {
            int elements = random.nextInt(10) == 0 ? random.nextInt(5) : size;
            String element = type.substring(0, type.length() - 2);
            return IntStream.range(0, elements)
                    .mapToObj(i -> random.nextInt(name.equals("p_left_ms") || name.equals("p_weights") ? 2 : 30) == 0
                            ? "NULL"
                            : value(name, element))
                    .collect(Collectors.joining(", ", "ARRAY[", "]::" + type));
        }
        return value(name, type);
    }

    private String value(String name, String type) {
        return switch (type) {
            case "uuid" -> random.nextInt(20) == 0 ? "gen_random_uuid()" : quoted(oneOf(sessions)) + "::uuid";
            case "text" -> quoted(text(name)) + "::text";
            case "boolean" -> random.nextBoolean() ? "true" : "false";
            case "integer" -> "(" + integer(name) + ")::integer";
            case "bigint" -> "(" + number(name) + ")::bigint";
            default -> "NULL::" + type;
        };
    }

    private String text(String name) {
        return switch (name) {
            case "p_name", "p_names" -> random.nextInt(12) == 0 ? oneOf(ODD_NAMES) : oneOf(locks);
            case "p_calls" -> random.nextInt(200) == 0 ? oneOf(ODD_NAMES) : oneOf(CALLS);
            default -> random.nextInt(3) == 0 ? oneOf(ODD_NAMES) : "nonsense " + random.nextInt(3);
        };
    }

    private String integer(String name) {
        return oneOf(
                name.equals("p_timeout_ms")
                        ? List.of("100", "15000", "15000", "3600000", "3600001", "99", "-2147483648")
                        : List.of("1", "1", "2", "3", "5", "5", "0", "-1", "2147483647", "-2147483648", "1000000001"));
    }

    private String number(String name) {
        boolean token =
                name.equals("p_token") || name.equals("p_tokens") || (name.equals("p_numbers") && random.nextBoolean());
        if (random.nextInt(15) == 0) {
            return oneOf(EDGES);
        } else if (token && !tokens.isEmpty() && random.nextInt(4) > 0) {
            return oneOf(tokens) + (random.nextInt(10) == 0 ? " + 1" : "");
        }
        return Integer.toString(1 + random.nextInt(name.endsWith("_ms") ? 5_000 : 30));
    }

    private <T> T oneOf(List<T> pool) {
        return pool.get(random.nextInt(pool.size()));
    }

    static String quoted(String text) {
        return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    static List<String> numbered(String prefix, int count) {
        return Arrays.asList(IntStream.range(0, count).mapToObj(i -> prefix + i).toArray(String[]::new));
    }
}
