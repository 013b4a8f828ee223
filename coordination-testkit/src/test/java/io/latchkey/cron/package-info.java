/** The reaper as a job of the real pg_cron, on both generations of it. These tests choose their servers themselves. */
@NullMarked
package io.latchkey.cron;

import org.jspecify.annotations.NullMarked;
