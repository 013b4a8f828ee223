package io.latchkey.testkit;

import static java.util.Objects.requireNonNull;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Where a database is and who connects to it. Immutable: {@code withPort(proxy.port())} is the same database through a
 * proxy, {@code withUser(role)} the same database as another role.
 *
 * @param host one host name or address
 * @param port TCP port
 * @param database name of the database
 * @param user role that connects
 * @param password its password; may be empty
 * @param parameters further parameters of the JDBC URL, for example {@code prepareThreshold}
 */
public record DatabaseAddress(
        String host, int port, String database, String user, String password, Map<String, String> parameters) {
    private static final String SCHEME = "jdbc:postgresql://";

    public DatabaseAddress {
        requireNonNull(host);
        requireNonNull(database);
        requireNonNull(user);
        requireNonNull(password);
        parameters = Map.copyOf(parameters);
    }

    /**
     * Reads {@code jdbc:postgresql://host[:port]/database[?user=..&password=..]}.
     *
     * @throws IllegalArgumentException if the URL has another form
     */
    public static DatabaseAddress parse(String url) {
        int slash = url.indexOf('/', SCHEME.length());
        if (!url.startsWith(SCHEME) || slash < 0) {
            throw new IllegalArgumentException("Expected jdbc:postgresql://host[:port]/database?user=..&password=..");
        }
        String[] place = url.substring(SCHEME.length(), slash).split(":", 2);
        String[] rest = url.substring(slash + 1).split("\\?", 2);
        Map<String, String> parameters = new LinkedHashMap<>();
        if (rest.length > 1) {
            for (String pair : rest[1].split("&", -1)) {
                String[] keyAndValue = pair.split("=", 2);
                parameters.put(decode(keyAndValue[0]), keyAndValue.length > 1 ? decode(keyAndValue[1]) : "");
            }
        }
        String user = requireNonNull(parameters.getOrDefault("user", "postgres"));
        String password = requireNonNull(parameters.getOrDefault("password", ""));
        parameters.keySet().removeAll(Arrays.asList("user", "password"));
        int port = place.length > 1 ? Integer.parseInt(place[1]) : 5432;
        return new DatabaseAddress(place[0], port, decode(rest[0]), user, password, parameters);
    }

    /** The same with another database. */
    public DatabaseAddress withDatabase(String other) {
        return new DatabaseAddress(host, port, other, user, password, parameters);
    }

    /** The same host with another port: a proxy on this machine, or another server with the same database. */
    public DatabaseAddress withPort(int other) {
        return new DatabaseAddress(host, other, database, user, password, parameters);
    }

    /** The same database as another role. */
    public DatabaseAddress withUser(TestRole role) {
        return new DatabaseAddress(host, port, database, role.name(), role.password(), parameters);
    }

    /** The same with one more parameter of the JDBC URL. */
    public DatabaseAddress withParameter(String key, String value) {
        Map<String, String> all = new LinkedHashMap<>(parameters);
        all.put(key, value);
        return new DatabaseAddress(host, port, database, user, password, all);
    }

    /** JDBC URL with user and password. */
    public String url() {
        return SCHEME + host + ":" + port + tail();
    }

    /** JDBC URL that names this server and others, and connects to the one that is the primary. */
    public String urlOfPrimaryAmong(PostgresServer... others) {
        String hosts = Stream.concat(
                        Stream.of(host + ":" + port),
                        Arrays.stream(others)
                                .map(other -> other.address().host() + ":"
                                        + other.address().port()))
                .collect(Collectors.joining(","));
        return SCHEME
                + hosts
                + withParameter("targetServerType", "primary")
                        .withParameter("hostRecheckSeconds", "0")
                        .tail();
    }

    /** A new connection. The caller closes it. */
    public Connection connect() throws SQLException {
        return DriverManager.getConnection(url());
    }

    /** An unpooled data source. */
    public PGSimpleDataSource dataSource() {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setUrl(url());
        return dataSource;
    }

    /** Without the password. */
    @Override
    public String toString() {
        return SCHEME + host + ":" + port + "/" + database + "?user=" + user;
    }

    private String tail() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("user", user);
        if (!password.isEmpty()) {
            all.put("password", password);
        }
        all.putAll(parameters);
        return "/" + encode(database)
                + all.entrySet().stream()
                        .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
                        .collect(Collectors.joining("&", "?", ""));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
