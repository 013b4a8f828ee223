package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Stage;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.state.ConnectionState;

/** A started client, and the states that it went through. */
record States(CuratorFramework client, List<ConnectionState> seen) {
    static States of(CuratorFramework client) {
        States states = new States(client, new CopyOnWriteArrayList<>());
        client.getConnectionStateListenable().addListener((unused, state) -> states.seen.add(state));
        return states;
    }

    void await(ConnectionState state) {
        Stage.eventually(() -> seen.contains(state));
    }

    static CuratorFramework started(Stage stage) throws InterruptedException {
        CuratorFramework client = stage.client(CuratorFramework.class);
        client.start();
        client.blockUntilConnected();
        return client;
    }
}
