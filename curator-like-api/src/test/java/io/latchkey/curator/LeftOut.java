package io.latchkey.curator;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What of Curator's API is not here, and why. An entry that is here after all, or that Curator does not have, fails the test. */
final class LeftOut {
    private static final Map<String, List<String>> BY_CLASS = new LinkedHashMap<>();

    static {
        entries("framework.CuratorFramework")
                .because(
                        "reads and writes nodes of ZooKeeper's tree; comes in another form with the key-value store",
                        "create()",
                        "delete()",
                        "checkExists()",
                        "getData()",
                        "setData()",
                        "getChildren()",
                        "getACL()",
                        "setACL()",
                        "inTransaction()",
                        "transaction()",
                        "transactionOp()",
                        "sync()",
                        "sync(String, Object)",
                        "createContainers(String)",
                        "getCuratorListenable()",
                        "watches()",
                        "watchers()",
                        "newWatcherRemoveCuratorFramework()",
                        "clearWatcherReferences(Watcher)",
                        "newNamespaceAwareEnsurePath(String)",
                        "getSchemaSet()",
                        "compressionEnabled()")
                .because(
                        "ZooKeeper's own: its handle, its ensemble, its versions",
                        "getZookeeperClient()",
                        "getZookeeperCompatibility()",
                        "reconfig()",
                        "getConfig()",
                        "getCurrentConfig()")
                .because("nothing is done in the background that could fail unseen", "getUnhandledErrorListenable()");
        entries("framework.CuratorFrameworkFactory")
                .because("takes a type of ZooKeeper", "newClient(String, int, int, RetryPolicy, ZKClientConfig)")
                .because("was the data of a node that nobody gave any", "getLocalAddress()");
        entries("framework.CuratorFrameworkFactory$Builder")
                .because(
                        "about nodes of ZooKeeper's tree: their rights, data, parents and schema",
                        "aclProvider(ACLProvider)",
                        "getAclProvider()",
                        "defaultData(byte[])",
                        "getDefaultData()",
                        "compressionProvider(CompressionProvider)",
                        "getCompressionProvider()",
                        "enableCompression()",
                        "compressionEnabled()",
                        "dontUseContainerParents()",
                        "useContainerParentsIfAvailable()",
                        "schemaSet(SchemaSet)",
                        "getSchemaSet()")
                .because(
                        "about ZooKeeper's servers and handles; hosts, user and password stand in the URL",
                        "authorization(String, byte[])",
                        "authorization(List)",
                        "getAuthScheme()",
                        "getAuthValue()",
                        "getAuthInfos()",
                        "ensembleProvider(EnsembleProvider)",
                        "getEnsembleProvider()",
                        "ensembleTracker(boolean)",
                        "withEnsembleTracker()",
                        "zookeeperFactory(ZookeeperFactory)",
                        "getZookeeperFactory()",
                        "zkClientConfig(ZKClientConfig)",
                        "getZkClientConfig()",
                        "zookeeperCompatibility(ZookeeperCompatibility)",
                        "getZookeeperCompatibility()",
                        "canBeReadOnly(boolean)",
                        "canBeReadOnly()")
                .because(
                        "one clock decides when a session is lost, and its margin is no option",
                        "simulatedSessionExpirationPercent(int)",
                        "getSimulatedSessionExpirationPercent()")
                .because(
                        "closing waits for nothing that could take long",
                        "maxCloseWaitMs(int)",
                        "getMaxCloseWaitMs()",
                        "waitForShutdownTimeoutMs(int)",
                        "getWaitForShutdownTimeoutMs()")
                .because(
                        "no event is dropped and no listener delays another, so there is nothing to put in between",
                        "connectionStateListenerManagerFactory(ConnectionStateListenerManagerFactory)",
                        "getConnectionStateListenerManagerFactory()")
                .because(
                        "a client that closes itself when idle gives its locks away",
                        "buildTemp()",
                        "buildTemp(long, TimeUnit)");
        entries("framework.recipes.leader.LeaderLatch")
                .because(
                        "a candidate that waits has no node; what leaders used it for is fencingToken()",
                        "getOurPath()");
        entries("framework.recipes.leader.LeaderSelector")
                .because(
                        "takes a class of Curator's own that wraps an ExecutorService; give that",
                        "LeaderSelector(CuratorFramework, String, CloseableExecutorService, LeaderSelectorListener)");
        entries("framework.recipes.locks.InterProcessMutex")
                .because(
                        "takes a strategy for ZooKeeper's nodes",
                        "InterProcessMutex(CuratorFramework, String, LockInternalsDriver)");
        entries("framework.recipes.locks.InterProcessSemaphoreV2")
                .because(
                        "SharedCount comes with the key-value store; the database has the number, setMaxLeases changes it",
                        "InterProcessSemaphoreV2(CuratorFramework, String, SharedCountReader)");
    }

    private LeftOut() {}

    /** Adds to a class's entries. */
    private record Entries(List<String> list) {
        Entries because(String reason, String... signatures) {
            assert !reason.isEmpty();
            list.addAll(List.of(signatures));
            return this;
        }
    }

    private static Entries entries(String name) {
        return new Entries(BY_CLASS.computeIfAbsent(name, unused -> new ArrayList<>()));
    }

    /** What is left out of this class. */
    static List<String> of(String name) {
        return BY_CLASS.getOrDefault(name, List.of());
    }

    /** The classes with entries. */
    static Set<String> classes() {
        return BY_CLASS.keySet();
    }
}
