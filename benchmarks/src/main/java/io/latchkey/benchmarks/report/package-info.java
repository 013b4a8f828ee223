/** What becomes of the figures: CSV, tables and pictures. */
@NullMarked
package io.latchkey.benchmarks.report;

import org.jspecify.annotations.NullMarked;
