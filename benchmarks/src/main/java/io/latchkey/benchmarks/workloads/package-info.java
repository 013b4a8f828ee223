/** What is done with them, and what is counted. */
@NullMarked
package io.latchkey.benchmarks.workloads;

import org.jspecify.annotations.NullMarked;
