/** What is measured: Latchkey, what a user would pick instead, and the floors. */
@NullMarked
package io.latchkey.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
