package io.latchkey.spring.page;

import io.latchkey.spring.observe.Overview;
import java.util.List;

/**
 * What a viewer is sent: all there is to show, so that one that was missed does not matter.
 *
 * @param overview the locks
 * @param changes what has changed lately, the newest first
 * @param intervalMs how long until the next look
 */
record Frame(Overview overview, List<Change> changes, long intervalMs) {}
