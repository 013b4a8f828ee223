/** The servers they need: started on the loopback address, stopped by the id they were started with. */
@NullMarked
package io.latchkey.benchmarks.servers;

import org.jspecify.annotations.NullMarked;
