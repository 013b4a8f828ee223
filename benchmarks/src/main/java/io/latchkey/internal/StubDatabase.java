package io.latchkey.internal;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A connection that answers every call at once with "granted": what is left is the client's own work. */
final class StubDatabase implements Connector.Source {
    private static final String REPLY = "(granted,1,1,,)";

    @Override
    public Connection open(int timeoutMs, Duration spin) throws SQLException {
        return proxy(Connection.class, new OfConnection());
    }

    @Override
    public String place() {
        return "nowhere";
    }

    @SuppressWarnings("unchecked")
    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return (T) Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    /** Used by one thread at a time, like the connection it stands for. */
    private static final class OfConnection implements InvocationHandler {
        private String[] replies = {};

        private final Array array =
                proxy(Array.class, (self, method, arguments) -> method.getName().equals("getArray") ? replies : null);

        private final ResultSet row = proxy(ResultSet.class, (self, method, arguments) -> switch (method.getName()) {
            case "next" -> true;
            case "getBoolean" -> false;
            case "getString" -> REPLY;
            case "getArray" -> array;
            default -> null;
        });

        private final PreparedStatement statement = proxy(
                PreparedStatement.class,
                (self, method, arguments) -> method.getName().equals("executeQuery") ? row : null);

        @Override
        public @Nullable Object invoke(Object self, java.lang.reflect.Method method, @Nullable Object[] arguments) {
            return switch (method.getName()) {
                case "createStatement", "prepareStatement" -> statement;
                case "createArrayOf" -> arrayOf(arguments[1]);
                default -> null;
            };
        }

        private Array arrayOf(@Nullable Object elements) {
            int length = elements == null ? 0 : ((Object[]) elements).length;
            if (replies.length != length) {
                replies = new String[length];
                Arrays.fill(replies, REPLY);
            }
            return array;
        }
    }
}
