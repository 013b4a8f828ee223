@NullMarked
package io.latchkey.examples.jobs;

import org.jspecify.annotations.NullMarked;
