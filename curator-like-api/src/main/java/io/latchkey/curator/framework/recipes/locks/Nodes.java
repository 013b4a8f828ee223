package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.Contender;
import io.latchkey.curator.framework.CuratorFramework;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names for those who hold a lock or wait for it, in place of ZooKeeper's nodes. A holder's has its fencing token. */
final class Nodes {
    private static final Pattern HOLDER = Pattern.compile("(/.*)/[^/]*-(\\d{19})");

    private Nodes() {}

    /** Those at a path that match, holders first, in the order in which they get it. */
    static Collection<String> of(CuratorFramework client, String path, String prefix, Predicate<Contender> which)
            throws InterruptedException {
        List<Contender> all = client.retrying(latchkey -> latchkey.contenders(client.lockName(path)));
        List<String> nodes = new ArrayList<>();
        int place = 0;
        for (Contender each : all) {
            place += each.isHolder() ? 0 : 1;
            if (which.test(each)) {
                nodes.add(path + "/"
                        + (each.isHolder() ? name(prefix, each.fencingToken()) : prefix + "waiting-" + place));
            }
        }
        return List.copyOf(nodes);
    }

    static String name(String prefix, long fencingToken) {
        return "%s%019d".formatted(prefix, fencingToken);
    }

    /** The path of the lock that such a name belongs to. */
    static String lockPath(String node) {
        return node.substring(0, Math.max(1, node.lastIndexOf('/')));
    }

    /** The token, if it is a holder's name. */
    static OptionalLong token(String node) {
        Matcher holder = HOLDER.matcher(node);
        return holder.matches() ? OptionalLong.of(Long.parseLong(holder.group(2))) : OptionalLong.empty();
    }
}
