// Plays a story: its steps one after another, at their times.
import type { Clock } from '../../runtime/clock.ts';

export interface StepOf<World> {
  /** Seconds after the first step was done. */
  at: number;
  title: string;
  /** What a reader should see, or should not. */
  look: string;
  act(world: World): Promise<void>;
}

export interface Playing<World> {
  clock: Clock;
  /** Seconds of the story to a second; 1 is the pace it was written for. */
  pace: number;
  signal: AbortSignal;
  /** Told before each step. */
  onStep(step: StepOf<World>, index: number): void;
}

export async function playSteps<World>(
  story: readonly StepOf<World>[],
  world: World,
  { clock, pace, signal, onStep }: Playing<World>,
): Promise<void> {
  let began = clock.now();
  for (const [index, step] of story.entries()) {
    await clock.sleep(began + (step.at * 1_000) / pace - clock.now(), signal);
    if (signal.aborted) return;
    onStep(step, index);
    await step.act(world);
    // The first one sets the scene, and takes as long as it takes.
    if (index === 0) began = clock.now();
  }
}
