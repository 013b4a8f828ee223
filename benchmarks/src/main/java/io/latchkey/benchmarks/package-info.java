/** Latchkey beside its peers, in one run on one machine: the program behind {@code ./bench}. */
@NullMarked
package io.latchkey.benchmarks;

import org.jspecify.annotations.NullMarked;
