/** A scheduled job on two instances, guarded by ShedLock with Latchkey: start {@link io.latchkey.examples.jobs.JobsMain}. */
@NullMarked
package io.latchkey.examples.jobs;

import org.jspecify.annotations.NullMarked;
